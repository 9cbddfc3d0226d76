-- $top between two AXI4-Streams, one sample a beat. The pipeline never stops: a sample is let in only where the buffer
-- behind the pipeline has room for its result, so a receiver may wait as long as it likes and nothing is lost.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity ${top}_axis is
    port (
        aclk          : in  std_logic;
        aresetn       : in  std_logic;  -- synchronous; what is inside is dropped
        s_axis_tdata  : in  std_logic_vector($in_bytes * 8 - 1 downto 0);  -- bits from $in_width on are not read
        s_axis_tvalid : in  std_logic;
        s_axis_tready : out std_logic;
        s_axis_tlast  : in  std_logic;  -- comes out with the result
        m_axis_tdata  : out std_logic_vector($out_bytes * 8 - 1 downto 0);  -- bits from $out_width on are 0
        m_axis_tvalid : out std_logic;
        m_axis_tready : in  std_logic;
        m_axis_tlast  : out std_logic
    );
end entity ${top}_axis;

architecture rtl of ${top}_axis is
    constant LATENCY : positive := $latency;
    constant PLACES  : positive := $places;  -- bits of an address in the buffer, which holds all of a full pipeline
    type memory is array (0 to 2 ** PLACES - 1) of std_logic_vector($out_width downto 0);

    signal running, enters, leaves, moves, done, shows : std_logic := '0';
    signal present, written, taken : unsigned(PLACES downto 0) := (others => '0');  -- present: entered and did not leave
    signal ending : std_logic_vector(LATENCY - 1 downto 0) := (others => '0');
    signal result : std_logic_vector($out_width - 1 downto 0);
    signal shown  : std_logic_vector($out_width downto 0) := (others => '0');
    signal store  : memory;
    signal reset  : std_logic;
begin
    reset         <= not aresetn;
    enters        <= s_axis_tvalid and running and not present(PLACES);
    s_axis_tready <= running and not present(PLACES);
    leaves        <= shows and m_axis_tready;
    moves         <= '1' when written /= taken and (shows = '0' or m_axis_tready = '1') else '0';
    m_axis_tvalid <= shows;
    m_axis_tlast  <= shown($out_width);
    m_axis_tdata  <= std_logic_vector(resize(unsigned(shown($out_width - 1 downto 0)), $out_bytes * 8));

    circuit : entity work.${top}_valid
        port map (
            clk => aclk, rst => reset, in_valid => enters, in_data => s_axis_tdata($in_width - 1 downto 0),
            out_valid => done, out_data => result
        );

    process (aclk)
        variable moved : std_logic_vector(LATENCY downto 0);
    begin
        if rising_edge(aclk) then
            running <= aresetn;
            moved   := ending & s_axis_tlast;
            ending  <= moved(LATENCY - 1 downto 0);
            if enters = '1' and leaves = '0' then
                present <= present + 1;
            elsif leaves = '1' and enters = '0' then
                present <= present - 1;
            end if;
            if done = '1' then
                store(to_integer(written(PLACES - 1 downto 0))) <= ending(LATENCY - 1) & result;
                written <= written + 1;
            end if;
            if moves = '1' then
                shown <= store(to_integer(taken(PLACES - 1 downto 0)));
                taken <= taken + 1;
            end if;
            if shows = '0' or m_axis_tready = '1' then
                shows <= moves;
            end if;
            if aresetn = '0' then
                present <= (others => '0');
                written <= (others => '0');
                taken   <= (others => '0');
                shows   <= '0';
            end if;
        end if;
    end process;
end architecture rtl;
