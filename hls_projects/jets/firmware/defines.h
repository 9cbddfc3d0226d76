#ifndef DEFINES_H_
#define DEFINES_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "nnet_utils/nnet_types.h"
#include <array>
#include <cstddef>
#include <cstdio>
#include <tuple>
#include <tuple>


// hls-fpga-machine-learning insert numbers

// hls-fpga-machine-learning insert layer-precision
typedef ap_fixed<8,3> input_t;
typedef ap_fixed<13,5> dense0_accum_t;
typedef ap_fixed<13,5> layer2_t;
typedef ap_fixed<6,3> dense0_weight_t;
typedef ap_fixed<9,1> dense0_bias_t;
typedef ap_ufixed<6,3,AP_RND_CONV,AP_SAT,0> layer3_t;
typedef ap_fixed<18,8> dense0_act_table_t;
typedef ap_fixed<14,7> dense1_accum_t;
typedef ap_fixed<14,7> layer4_t;
typedef ap_fixed<6,2> dense1_weight_t;
typedef ap_fixed<10,3> dense1_bias_t;
typedef ap_ufixed<6,2,AP_RND_CONV,AP_SAT,0> layer5_t;
typedef ap_fixed<18,8> dense1_act_table_t;
typedef ap_fixed<13,6> aggregate2_accum_t;
typedef ap_ufixed<9,2> layer6_t;
typedef ap_ufixed<6,1,AP_RND_CONV,AP_SAT,0> layer7_t;
typedef ap_fixed<18,8> aggregate2_act_table_t;
typedef ap_fixed<14,8> dense3_accum_t;
typedef ap_fixed<14,8> layer8_t;
typedef ap_fixed<6,5> dense3_weight_t;
typedef ap_fixed<10,4> dense3_bias_t;
typedef ap_uint<1> layer8_index;
typedef ap_ufixed<6,3,AP_RND_CONV,AP_SAT,0> layer9_t;
typedef ap_fixed<18,8> dense3_act_table_t;
typedef ap_fixed<15,8> y_accum_t;
typedef ap_fixed<15,8> result_t;
typedef ap_fixed<6,2> y_weight_t;
typedef ap_fixed<8,1> y_bias_t;
typedef ap_uint<1> layer10_index;

// hls-fpga-machine-learning insert emulator-defines


#endif
