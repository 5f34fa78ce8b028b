#include "store/box.h"
