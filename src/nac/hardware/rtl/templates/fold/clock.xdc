create_clock -period $period -name sys_clk [get_ports clk]
