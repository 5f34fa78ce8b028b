#include "store/spool.h"
