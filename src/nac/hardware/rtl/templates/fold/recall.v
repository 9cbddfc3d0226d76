  reg [$beat_bits - 1:0] beat;
  reg [$turn_bits - 1:0] turn;  // of the $turns beats of a row
  reg [$left_bits - 1:0] left;  // rows that are still to come again
  reg [$place_bits - 1:0] written;
  reg [$place_bits - 1:0] read;
  wire ends = beat == $beats - 1;
  wire row_ends = ends || turn == $turns - 1;
  wire [$bits - 1:0] held = $held;
$queues  always @(posedge clk) begin
    out_valid <= !rst && left != 0;
    if (rst) begin
      beat <= 0;
      turn <= 0;
      left <= 0;
      written <= 0;
      read <= 0;
    end else begin
      if (in_valid) beat <= ends ? 0 : beat + 1'b1;
      if (in_valid) turn <= row_ends ? 0 : turn + 1'b1;
      if (in_valid && row_ends) written <= written + 1'b1;
      if (in_valid && ends) left <= $rows;
      else if (left != 0) left <= left - 1'b1;
      if (left != 0) read <= read + 1'b1;
    end
  end
$sums
  always @(posedge clk) out_data <= $data;
