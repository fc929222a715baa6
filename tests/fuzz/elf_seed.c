// A shared object with a little of everything that the ELF reader looks at: the seed of elf_fuzz.
int seed_data = 1;
int seed_bss[4];
int seed_function(int value) {
  return value + seed_data + seed_bss[0];
}
