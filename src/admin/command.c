#include "admin/command.h"
