#include "gate/accept.h"
