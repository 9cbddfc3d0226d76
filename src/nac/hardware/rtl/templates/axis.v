// $top between two AXI4-Streams, one sample in $beats beat(s). The pipeline never stops: a sample is let in only where
// the buffer behind the pipeline has room for its result, so a receiver may wait as long as it likes and nothing is lost.
`timescale 1ns / 1ps

module ${top}_axis (
    input wire aclk,
    input wire aresetn,  // synchronous; what is inside is dropped
    input wire [$in_bytes * 8 - 1:0] s_axis_tdata,  // bits from $in_width on are not read
    input wire s_axis_tvalid,
    output wire s_axis_tready,
    input wire s_axis_tlast,  // of the last beat of a sample: comes out with the result
    output wire [$out_bytes * 8 - 1:0] m_axis_tdata,  // bits from $out_width on are 0
    output reg m_axis_tvalid,
    input wire m_axis_tready,
    output wire m_axis_tlast
);
  localparam BEATS = $beats;
  localparam PLACES = $places;  // bits of an address in the buffer, which holds all of a full pipeline

  reg running;
  reg [PLACES:0] present;  // samples that entered and did not leave
  wire enters = s_axis_tvalid && s_axis_tready;
  wire leaves = m_axis_tvalid && m_axis_tready;
  reg [$beat_bits - 1:0] beat;
  wire starts = enters && beat == 0;
  wire ends = enters && beat == BEATS - 1;
  assign s_axis_tready = running && (!present[PLACES] || beat != 0);

  always @(posedge aclk) begin
    running <= aresetn;
    if (!aresetn) present <= 0;
    else if (starts && !leaves) present <= present + 1'b1;
    else if (leaves && !starts) present <= present - 1'b1;
    if (!aresetn || ends) beat <= 0;
    else if (enters) beat <= beat + 1'b1;
  end

  wire done;
  wire [$out_width - 1:0] result;
  $circuit circuit (
      .clk(aclk),
      .rst(!aresetn),
      .in_valid(enters),
      .in_data(s_axis_tdata[$in_width-1:0]),
      .out_valid(done),
      .out_data(result)
  );

  reg last[0:(1 << PLACES) - 1];
  reg [PLACES:0] ended;  // a result may be there before the last beat has come
  always @(posedge aclk) begin
    if (ends) last[ended[PLACES-1:0]] <= s_axis_tlast;
    if (!aresetn) ended <= 0;
    else if (ends) ended <= ended + 1'b1;
  end

  reg [$out_width - 1:0] buffer[0:(1 << PLACES) - 1];
  reg [PLACES:0] written;
  reg [PLACES:0] read;
  reg [$out_width:0] out;
  wire moves = (written != read) && (ended != read) && (!m_axis_tvalid || m_axis_tready);
  assign m_axis_tlast = out[$out_width];
  assign m_axis_tdata = out[$out_width-1:0];

  always @(posedge aclk) begin
    if (done) buffer[written[PLACES-1:0]] <= result;
    if (moves) out <= {last[read[PLACES-1:0]], buffer[read[PLACES-1:0]]};
    if (!aresetn) begin
      written <= 0;
      read <= 0;
      m_axis_tvalid <= 1'b0;
    end else begin
      if (done) written <= written + 1'b1;
      if (moves) read <= read + 1'b1;
      if (!m_axis_tvalid || m_axis_tready) m_axis_tvalid <= moves;
    end
  end
endmodule
