// Values, and their products with weights that come beside them.
`timescale 1ns / 1ps

module $name (
    input wire clk,
    input wire rst,
    input wire in_valid,
    input wire [$bits - 1:0] in_data,
    output reg out_valid,
    output reg [$out_bits - 1:0] out_data
);
$body
  always @(posedge clk) begin
    out_valid <= !rst && in_valid;
    out_data <= $data;
  end
endmodule
