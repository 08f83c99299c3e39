// fails: skipmax keeps NaN and infinity exact: build without -ffast-math
#define __FAST_MATH__ 1  // what the switch defines
#include "skipmax/config.hpp"
