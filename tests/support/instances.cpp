#include "support/instances.hpp"

SKIPMAX_INSTANCES(, float)
SKIPMAX_INSTANCES(, double)
