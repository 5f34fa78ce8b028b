#include "store/hints.h"
