// One value of $beats beats, there when the last one has come.
`timescale 1ns / 1ps

module $name (
    input wire clk,
    input wire rst,
    input wire in_valid,
    input wire [$bits - 1:0] in_data,
    output reg out_valid,
    output wire [$out_bits - 1:0] out_data
);
  reg [$beat_bits - 1:0] beat;
  wire ends = beat == $beats - 1;
  always @(posedge clk) begin
    out_valid <= !rst && in_valid && ends;
    if (rst) beat <= 0;
    else if (in_valid) beat <= ends ? 0 : beat + 1'b1;
  end
$body
endmodule
