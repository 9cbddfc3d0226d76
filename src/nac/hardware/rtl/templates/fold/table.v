  reg [$beat_bits - 1:0] next;  // the row is there before its beat
  (* rom_style = "distributed" *)
  reg [$row_bits - 1:0] row;
  always @* out_valid = in_valid;
  always @(posedge clk)
    if (rst) begin
      next <= $second;
      row <= $first;
    end else if (in_valid) begin
      next <= next == $beats - 1 ? 0 : next + 1'b1;
      case (next)
$rows
        default: row <= {$row_bits{1'bx}};
      endcase
    end
  assign out_data = $data;
