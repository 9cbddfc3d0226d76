#include <iostream>

#include "nac_jets.h"
#include "parameters.h"


void nac_jets(
    input_t x[8*3],
    result_t layer10_out[5]
) {

    // hls-fpga-machine-learning insert IO
    #pragma HLS ARRAY_RESHAPE variable=x complete dim=0
    #pragma HLS ARRAY_PARTITION variable=layer10_out complete dim=0
    #pragma HLS INTERFACE ap_vld port=x,layer10_out 
    #pragma HLS DATAFLOW

    // hls-fpga-machine-learning insert load weights
#ifndef __SYNTHESIS__
    static bool loaded_weights = false;
    if (!loaded_weights) {
        nnet::load_weights_from_txt<dense0_weight_t, 48>(w2, "w2.txt");
        nnet::load_weights_from_txt<dense0_bias_t, 16>(b2, "b2.txt");
        nnet::load_weights_from_txt<dense1_weight_t, 256>(w4, "w4.txt");
        nnet::load_weights_from_txt<dense1_bias_t, 16>(b4, "b4.txt");
        nnet::load_weights_from_txt<dense3_weight_t, 256>(w8, "w8.txt");
        nnet::load_weights_from_txt<dense3_bias_t, 16>(b8, "b8.txt");
        nnet::load_weights_from_txt<y_weight_t, 80>(w10, "w10.txt");
        nnet::load_weights_from_txt<y_bias_t, 5>(b10, "b10.txt");
        loaded_weights = true;    }
#endif
    // ****************************************
    // NETWORK INSTANTIATION
    // ****************************************

    // hls-fpga-machine-learning insert layers

    layer2_t layer2_out[8*16];
    #pragma HLS ARRAY_PARTITION variable=layer2_out complete dim=0

    layer3_t layer3_out[8*16];
    #pragma HLS ARRAY_PARTITION variable=layer3_out complete dim=0

    layer4_t layer4_out[8*16];
    #pragma HLS ARRAY_PARTITION variable=layer4_out complete dim=0

    layer5_t layer5_out[8*16];
    #pragma HLS ARRAY_PARTITION variable=layer5_out complete dim=0

    layer6_t layer6_out[16];
    #pragma HLS ARRAY_PARTITION variable=layer6_out complete dim=0

    layer7_t layer7_out[16];
    #pragma HLS ARRAY_PARTITION variable=layer7_out complete dim=0

    layer8_t layer8_out[16];
    #pragma HLS ARRAY_PARTITION variable=layer8_out complete dim=0

    layer9_t layer9_out[16];
    #pragma HLS ARRAY_PARTITION variable=layer9_out complete dim=0

    nnet::pointwise_conv_1d_cl<input_t, layer2_t, config11>(x, layer2_out, w2, b2); // dense0

    nnet::relu<layer2_t, layer3_t, relu_config3>(layer2_out, layer3_out); // dense0_act

    nnet::pointwise_conv_1d_cl<layer3_t, layer4_t, config12>(layer3_out, layer4_out, w4, b4); // dense1

    nnet::relu<layer4_t, layer5_t, relu_config5>(layer4_out, layer5_out); // dense1_act

    nnet::global_pooling1d_cl<layer5_t, layer6_t, config6>(layer5_out, layer6_out); // aggregate2

    nnet::relu<layer6_t, layer7_t, relu_config7>(layer6_out, layer7_out); // aggregate2_act

    nnet::dense<layer7_t, layer8_t, config8>(layer7_out, layer8_out, w8, b8); // dense3

    nnet::relu<layer8_t, layer9_t, relu_config9>(layer8_out, layer9_out); // dense3_act

    nnet::dense<layer9_t, result_t, config10>(layer9_out, layer10_out, w10, b10); // y

}

