#ifndef NAC_BRAGG_H_
#define NAC_BRAGG_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"

#include "defines.h"


// Prototype of top level function for C-synthesis
void nac_bragg(
    hls::stream<input_t> &x,
    hls::stream<result_t> &layer11_out
);

// hls-fpga-machine-learning insert emulator-defines


#endif
