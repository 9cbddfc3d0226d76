  reg [$beat_bits - 1:0] beat;
  wire ends = beat == $beats - 1;
  always @(posedge clk) begin
    out_valid <= !rst && in_valid && ends;
    if (rst) beat <= 0;
    else if (in_valid) beat <= ends ? 0 : beat + 1'b1;
  end
$result
