  // Windows reach $behind positions further than the one with which they leave. When all of an image have come, and no
  // other comes, it goes on by itself until the last one has left.
  reg [$behind - 1:0] real_ones;  // which of the last beats were positions
  reg [$beat_bits - 1:0] beat;
  reg [$waiting_bits - 1:0] waiting;
  wire moves = in_valid || (beat == 0 && waiting != 0);
  wire comes = moves && real_ones[$behind-1];
  wire [$behind:0] shifted = {real_ones, in_valid};
  always @(posedge clk) begin
    if (rst) begin
      real_ones <= 0;
      beat <= 0;
      waiting <= 0;
    end else begin
      if (moves) real_ones <= shifted[$behind-1:0];
      if (in_valid) beat <= beat == $beats - 1 ? 0 : beat + 1'b1;
      if (in_valid && !comes) waiting <= waiting + 1'b1;
      else if (comes && !in_valid) waiting <= waiting - 1'b1;
    end
  end
