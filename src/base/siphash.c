#include "base/siphash.h"
