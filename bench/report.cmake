# Runs bench_forward and prints its table. What it says itself goes to forward.txt beside the JSON: its
# hundreds of lines would push the table off the screen.
execute_process(
  COMMAND
    ${PROGRAM} --benchmark_repetitions=5 --benchmark_min_time=0.05
    --benchmark_enable_random_interleaving=true --benchmark_out=${OUT_DIR}/forward.json
    --benchmark_out_format=json
  OUTPUT_FILE ${OUT_DIR}/forward.txt
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PYTHON} ${CMAKE_CURRENT_LIST_DIR}/table.py ${OUT_DIR}/forward.json
                COMMAND_ERROR_IS_FATAL ANY)
message("\nAll of it: ${OUT_DIR}/forward.json")
