// $top with the output stage behind it: $meaning.
`timescale 1ns / 1ps

module ${top}_answer (
    input wire clk,
    input wire rst,
    input wire in_valid,
    input wire [$in_width - 1:0] in_data,
    output wire out_valid,
    output wire [$answer_width - 1:0] out_data
);
  wire there;
  wire [$out_width - 1:0] outputs;
  reg [$latency - 1:0] valid;
  wire [$latency:0] moved = {valid, there};
  always @(posedge clk) valid <= rst ? {$latency{1'b0}} : moved[$latency-1:0];
  assign out_valid = valid[$latency-1];

  $top network (
      .clk(clk),
      .rst(rst),
      .in_valid(in_valid),
      .in_data(in_data),
      .out_valid(there),
      .out_data(outputs)
  );
  ${top}_decide decide (
      .clk(clk),
      .model_inp($taken),
      .model_out(out_data)
  );
endmodule
