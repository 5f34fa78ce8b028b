#include "cgi/cgi.h"
