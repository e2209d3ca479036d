/* The version, printed by `tarn --version` and recorded with each run. */
#define TARN_VERSION "0.1.0"
