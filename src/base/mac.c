#include "base/mac.h"
