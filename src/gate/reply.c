#include "gate/reply.h"
