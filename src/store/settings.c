#include "store/settings.h"
