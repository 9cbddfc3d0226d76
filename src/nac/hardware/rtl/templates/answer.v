// $top with the output stage behind it: $meaning.
`timescale 1ns / 1ps

module ${top}_answer (
    input wire clk,
    input wire [$in_width - 1:0] model_inp,
    output wire [$answer_width - 1:0] model_out
);
  wire [$out_width - 1:0] outputs;

  $top network (
      .clk(clk),
      .model_inp(model_inp),
      .model_out(outputs)
  );
  ${top}_decide decide (
      .clk(clk),
      .model_inp($taken),
      .model_out(model_out)
  );
endmodule
