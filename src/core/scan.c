#include "core/scan.h"
