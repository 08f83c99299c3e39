// fails: skipmax is C\+\+20: compile with -std=c\+\+20
#undef __cplusplus
#define __cplusplus 201703L  // what -std=c++17 defines
#include "skipmax/config.hpp"
