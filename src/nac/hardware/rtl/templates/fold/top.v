// One inference in $beats beats of $positions position(s) each. A beat may come with every clock, or later; the next
// inference may follow at once.
`timescale 1ns / 1ps

module $top (
    input wire clk,
    input wire rst,  // synchronous; what is inside is dropped
    input wire in_valid,
    input wire [$in_width - 1:0] in_data,
    output wire out_valid,
    output wire [$out_width - 1:0] out_data
);
$parts
  assign out_valid = valid$last;
  assign out_data = data$last;
endmodule
