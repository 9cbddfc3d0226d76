  (* ram_style = "distributed" *)
  reg [$bits - 1:0] queue[0:$depth - 1];
  reg [$beat_bits - 1:0] beat;
  reg [$left_bits - 1:0] left;  // beats that are still to come again
  reg [$place_bits - 1:0] written;
  reg [$place_bits - 1:0] read;
  wire ends = beat == $beats - 1;
  wire [$bits - 1:0] word = queue[read];
  always @(posedge clk) begin
    if (in_valid) queue[written] <= $held;
    out_valid <= !rst && left != 0;
    if (rst) begin
      beat <= 0;
      left <= 0;
      written <= 0;
      read <= 0;
    end else begin
      if (in_valid) beat <= ends ? 0 : beat + 1'b1;
      if (in_valid) written <= written + 1'b1;
      if (in_valid && ends) left <= $beats;
      else if (left != 0) left <= left - 1'b1;
      if (left != 0) read <= read + 1'b1;
    end
  end
$sums
  always @(posedge clk) out_data <= $data;
