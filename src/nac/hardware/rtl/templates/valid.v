// $top with a valid bit beside the data. A sample may enter with every clock; its result leaves LATENCY edges later.
`timescale 1ns / 1ps

module ${top}_valid (
    input wire clk,
    input wire rst,  // synchronous; what is inside is dropped
    input wire in_valid,
    input wire [$in_width - 1:0] in_data,
    output wire out_valid,
    output wire [$out_width - 1:0] out_data
);
  localparam LATENCY = $latency;

  reg [LATENCY - 1:0] valid;
  wire [LATENCY:0] moved = {valid, in_valid};

  always @(posedge clk) valid <= rst ? {LATENCY{1'b0}} : moved[LATENCY-1:0];
  assign out_valid = valid[LATENCY-1];

  $top circuit (
      .clk(clk),
      .model_inp(in_data),
      .model_out(out_data)
  );
endmodule
