#ifndef NAC_STREAM_PRODUCT_H_
#define NAC_STREAM_PRODUCT_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

// The values of a stream, in the order in which they arrive.
template <class data_T, unsigned N> void read_all(hls::stream<data_T> &data, typename data_T::value_type values[N]) {
ReadAll:
    for (unsigned i = 0; i < N / data_T::size; i++) {
        #pragma HLS PIPELINE
        data_T pack = data.read();
        for (unsigned j = 0; j < data_T::size; j++) {
            #pragma HLS UNROLL
            values[i * data_T::size + j] = pack[j];
        }
    }
}

// Product of two activations, (m x k)(k x n), all three sent column by column (channels last). Either operand may be
// the transposed matrix. One column of the result leaves per iteration.
template <class a_T, class b_T, class res_T, typename CONFIG_T>
void stream_product(hls::stream<a_T> &a, hls::stream<b_T> &b, hls::stream<res_T> &res) {
    constexpr unsigned M = CONFIG_T::m, K = CONFIG_T::k, N = CONFIG_T::n;
    typename a_T::value_type left[M * K];
    typename b_T::value_type right[K * N];
    #pragma HLS ARRAY_PARTITION variable=left complete
    #pragma HLS ARRAY_PARTITION variable=right complete
    read_all<a_T, M * K>(a, left);
    read_all<b_T, K * N>(b, right);

Columns:
    for (unsigned j = 0; j < N; j++) {
        #pragma HLS PIPELINE II = CONFIG_T::reuse_factor
        res_T out;
        PRAGMA_DATA_PACK(out)
        for (unsigned i = 0; i < M; i++) {
            #pragma HLS UNROLL
            typename CONFIG_T::accum_t sum = 0;
            for (unsigned l = 0; l < K; l++) {
                #pragma HLS UNROLL
                sum += left[CONFIG_T::transpose_a ? i * K + l : l * M + i] *
                       right[CONFIG_T::transpose_b ? l * N + j : j * K + l];
            }
            out[i] = sum;
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
