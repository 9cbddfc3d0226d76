  reg [$beat_bits - 1:0] beat;
  reg [$bits - 1:0] held;
  reg [$row_bits - 1:0] row;
  always @(posedge clk) begin
    out_valid <= !rst && in_valid;
    if (rst) beat <= 0;
    else if (in_valid) beat <= beat == $beats - 1 ? 0 : beat + 1'b1;
    if (in_valid) held <= in_data;
    case (beat)
$rows
      default: row <= {$row_bits{1'bx}};
    endcase
  end
  assign out_data = $data;
