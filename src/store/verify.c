#include "store/verify.h"
