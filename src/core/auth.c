#include "core/auth.h"
