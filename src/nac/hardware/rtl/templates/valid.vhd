-- $top with a valid bit beside the data. A sample may enter with every clock; its result leaves $latency edges later.
library ieee;
use ieee.std_logic_1164.all;

entity ${top}_valid is
    port (
        clk       : in  std_logic;
        rst       : in  std_logic;  -- synchronous; what is inside is dropped
        in_valid  : in  std_logic;
        in_data   : in  std_logic_vector($in_width - 1 downto 0);
        out_valid : out std_logic;
        out_data  : out std_logic_vector($out_width - 1 downto 0)
    );
end entity ${top}_valid;

architecture rtl of ${top}_valid is
    constant LATENCY : positive := $latency;
    signal valid     : std_logic_vector(LATENCY - 1 downto 0) := (others => '0');
begin
    out_valid <= valid(LATENCY - 1);

    process (clk)
        variable moved : std_logic_vector(LATENCY downto 0);
    begin
        if rising_edge(clk) then
            moved := valid & in_valid;
            valid <= moved(LATENCY - 1 downto 0);
            if rst = '1' then
                valid <= (others => '0');
            end if;
        end if;
    end process;

    circuit : entity work.$top
        port map (clk => clk, model_inp => in_data, model_out => out_data);
end architecture rtl;
