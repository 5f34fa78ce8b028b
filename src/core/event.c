#include "core/event.h"
