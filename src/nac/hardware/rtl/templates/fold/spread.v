  (* ram_style = "distributed" *)
  reg [$bits - 1:0] queue[0:$depth - 1];
  reg [$places:0] written;
  reg [$places:0] read;
  reg [$group_bits - 1:0] group;
  wire there = written != read;
  wire [$bits - 1:0] word = queue[read[$places-1:0]];
  always @(posedge clk) begin
    if (in_valid) queue[written[$places-1:0]] <= in_data;
    out_valid <= !rst && there;
    if (rst) begin
      written <= 0;
      read <= 0;
      group <= 0;
    end else begin
      if (in_valid) written <= written + 1'b1;
      if (there) group <= group == $groups - 1 ? 0 : group + 1'b1;
      if (there && group == $groups - 1) read <= read + 1'b1;
    end
  end
$lanes
  always @(posedge clk)
    case (group)
$cases
      default: out_data <= 0;
    endcase
