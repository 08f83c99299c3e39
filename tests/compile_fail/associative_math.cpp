// fails: skipmax relies on the order of sums: build without -fassociative-math
#define __ASSOCIATIVE_MATH__ 1  // what the switch defines
#include "skipmax/config.hpp"
