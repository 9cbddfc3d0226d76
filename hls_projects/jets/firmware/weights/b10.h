//Numpy array shape [5]
//Min -0.796875000000
//Max 0.750000000000
//Number of zeros 0

#ifndef B10_H_
#define B10_H_

#ifndef __SYNTHESIS__
y_bias_t b10[5];
#else
y_bias_t b10[5] = {-0.4609375, -0.7968750, 0.7500000, 0.5000000, 0.2890625};

#endif

#endif
