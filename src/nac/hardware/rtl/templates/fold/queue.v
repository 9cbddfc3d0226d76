  (* ram_style = "distributed" *)
  reg [$bits - 1:0] queue$number[0:$depth - 1];
  wire [$bits - 1:0] word$number = $word;
  always @(posedge clk) if ($writes) queue$number[written] <= held;
