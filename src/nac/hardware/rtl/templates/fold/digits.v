$products
  always @(posedge clk) begin
    out_valid <= !rst && in_valid;
    out_data <= $data;
  end
