#ifndef NAC_JETS_H_
#define NAC_JETS_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"

#include "defines.h"


// Prototype of top level function for C-synthesis
void nac_jets(
    input_t x[8*3],
    result_t layer10_out[5]
);

// hls-fpga-machine-learning insert emulator-defines


#endif
