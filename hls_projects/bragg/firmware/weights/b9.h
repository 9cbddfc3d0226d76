//Numpy array shape [8]
//Min -1.347656250000
//Max 1.599609375000
//Number of zeros 0

#ifndef B9_H_
#define B9_H_

#ifndef __SYNTHESIS__
dense4_bias_t b9[8];
#else
dense4_bias_t b9[8] = {1.230468750, 0.544921875, -0.316406250, 0.361328125, -0.142578125, 1.128906250, -1.347656250, 1.599609375};

#endif

#endif
