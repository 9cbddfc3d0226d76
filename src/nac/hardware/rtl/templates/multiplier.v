`timescale 1ns / 1ps

// in0 * in1 as rows of an adder. Two bits of one factor and the one below them say whether a row adds 0, 1 or 2 times
// the other factor, or subtracts it (Booth): with the sum so far that is one LUT with six inputs a bit, a quarter of what
// a synthesiser makes of a product without a DSP. Many rows are two chains side by side.
module multiplier #(
    parameter BW_INPUT0 = 32,
    parameter BW_INPUT1 = 32,
    parameter SIGNED0 = 0,
    parameter SIGNED1 = 0,
    parameter BW_OUT = 32
) (
    input [BW_INPUT0-1:0] in0,
    input [BW_INPUT1-1:0] in1,
    output [BW_OUT-1:0] out
);
  // Both factors with a sign.
  localparam BITS0 = (SIGNED0 == 1) ? BW_INPUT0 : BW_INPUT0 + 1;
  localparam BITS1 = (SIGNED1 == 1) ? BW_INPUT1 : BW_INPUT1 + 1;
  localparam ROWS0 = (BITS0 + 1) / 2;
  localparam ROWS1 = (BITS1 + 1) / 2;
  localparam SWAP = ROWS0 * (BITS1 + 2) < ROWS1 * (BITS0 + 2);
  localparam ROWS = SWAP ? ROWS0 : ROWS1;
  localparam FIRST = (ROWS > 4) ? (ROWS + 1) / 2 : ROWS;  // rows of the first chain
  localparam WIDTH = (SWAP ? BITS1 : BITS0) + 2;

  // verilator lint_off WIDTH
  // verilator lint_off UNUSEDSIGNAL
  wire signed [BITS0-1:0] factor0 = {(SIGNED0 == 1) ? in0[BW_INPUT0-1] : 1'b0, in0};
  wire signed [BITS1-1:0] factor1 = {(SIGNED1 == 1) ? in1[BW_INPUT1-1] : 1'b0, in1};
  wire signed [2*ROWS:0] wide0 = factor0;
  wire signed [2*ROWS:0] wide1 = factor1;
  wire [2*ROWS:0] digits = (SWAP ? wide0 : wide1) << 1;
  wire signed [WIDTH-1:0] once0 = factor0;
  wire signed [WIDTH-1:0] once1 = factor1;
  wire [WIDTH-1:0] once = SWAP ? once1 : once0;
  wire [WIDTH-1:0] twice = once << 1;
  wire [ROWS*WIDTH-1:0] sums;
  wire [2*ROWS-1:0] done;  // the lowest two bits of every row
  genvar k, i;
  generate
    for (k = 0; k < ROWS; k = k + 1) begin : row
      wire [2:0] digit = digits[2*k+2:2*k];
      wire [WIDTH-1:0] term;
      for (i = 0; i < WIDTH; i = i + 1) begin : column
        wire [7:0] choice = {1'b1, ~once[i], ~once[i], ~twice[i], twice[i], once[i], once[i], 1'b0};
        assign term[i] = choice[digit];
      end
      wire signed [WIDTH-1:0] so_far;
      if (k == 0 || k == FIRST) assign so_far = 0;
      else assign so_far = {{2{sums[k*WIDTH-1]}}, sums[(k-1)*WIDTH+2+:WIDTH-2]};
      wire [WIDTH:0] total = {so_far, 1'b1} + {term, digit[2]};
      assign sums[k*WIDTH+:WIDTH] = total[WIDTH:1];
      assign done[2*k+:2] = total[2:1];
    end
  endgenerate

  localparam BITS = WIDTH + 2 * ROWS;
  localparam [BITS-1:0] ONES = {BITS{1'b1}};
  wire signed [WIDTH-1:0] last0 = sums[(FIRST-1)*WIDTH+:WIDTH];
  wire signed [WIDTH-1:0] last1 = sums[(ROWS-1)*WIDTH+:WIDTH];
  wire signed [BITS-1:0] top0 = last0;
  wire signed [BITS-1:0] top1 = last1;
  wire signed [BITS-1:0] chain0 = (top0 << 2 * (FIRST - 1)) | (done & ~(ONES << 2 * (FIRST - 1)));
  wire signed [BITS-1:0] chain1 = (top1 << 2 * (ROWS - 1)) | (done & ~(ONES << 2 * (ROWS - 1)));
  wire signed [BITS-1:0] product;
  generate
    if (FIRST == ROWS) assign product = chain0;
    else assign product = {chain0[BITS-1:2*FIRST] + chain1[BITS-1:2*FIRST], chain0[2*FIRST-1:0]};
  endgenerate
  assign out = product;
  // verilator lint_on UNUSEDSIGNAL
  // verilator lint_on WIDTH
endmodule
