#ifndef NAC_STAGE_H_
#define NAC_STAGE_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

// A stage in front of a network or behind it: of all values of a sample, channels last.
template <class data_T, class res_T, typename CONFIG_T>
void stage(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_out]) {
    #pragma HLS PIPELINE
    CONFIG_T::compute(data, res);
}

template <class data_T, class res_T, typename CONFIG_T>
void stage(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    typename data_T::value_type raw[CONFIG_T::n_in];
    typename res_T::value_type done[CONFIG_T::n_out];
    #pragma HLS ARRAY_PARTITION variable=raw complete
    #pragma HLS ARRAY_PARTITION variable=done complete
    for (unsigned i = 0; i < CONFIG_T::n_in / data_T::size; i++) {
        #pragma HLS PIPELINE
        data_T in = data.read();
        for (unsigned j = 0; j < data_T::size; j++) {
            #pragma HLS UNROLL
            raw[i * data_T::size + j] = in[j];
        }
    }
    CONFIG_T::compute(raw, done);
    for (unsigned i = 0; i < CONFIG_T::n_out / res_T::size; i++) {
        #pragma HLS PIPELINE
        res_T out;
        PRAGMA_DATA_PACK(out)
        for (unsigned j = 0; j < res_T::size; j++) {
            #pragma HLS UNROLL
            out[j] = done[i * res_T::size + j];
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
