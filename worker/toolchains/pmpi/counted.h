/* Calls that have a twin with MPI_Count (the _c functions of MPI 4) are written once and compiled for both. */
#undef F
#undef P
#undef COUNT
#undef DISPLACEMENT
#ifdef LARGE
#define F(NAME) MPI_##NAME##_c
#define P(NAME) PMPI_##NAME##_c
#define COUNT MPI_Count
#define DISPLACEMENT MPI_Aint
#else
#define F(NAME) MPI_##NAME
#define P(NAME) PMPI_##NAME
#define COUNT int
#define DISPLACEMENT int
#endif
