//Numpy array shape [2]
//Min -0.149414062500
//Max -0.059570312500
//Number of zeros 0

#ifndef B11_H_
#define B11_H_

#ifndef __SYNTHESIS__
y_bias_t b11[2];
#else
y_bias_t b11[2] = {-0.0595703125, -0.1494140625};

#endif

#endif
