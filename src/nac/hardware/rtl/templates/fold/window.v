$waiting

  reg [$length * $bits - 1:0] line;  // the newest position in the lowest bits
  always @(posedge clk) if (moves) line <= {line, in_data};

  // The position with which a window leaves.
  reg [$row_bits - 1:0] row;
  reg [$column_bits - 1:0] column;
  wire row_ends = row == $rows - 1;
  wire column_ends = column == $columns - 1;
$phases
  always @(posedge clk) begin
    out_valid <= !rst && comes && $leaves;
    if (rst) begin
      row <= 0;
      column <= 0;
    end else if (comes) begin
      column <= column_ends ? 0 : column + 1'b1;
      if (column_ends) row <= row_ends ? 0 : row + 1'b1;
    end
  end
$there
  assign out_data = $data;
