// $says
`timescale 1ns / 1ps

module $name (
    input wire clk,
    input wire rst,
    input wire in_valid,
    input wire [$bits - 1:0] in_data,
    output reg out_valid,
    output $kind [$out_bits - 1:0] out_data
);
${body}endmodule
