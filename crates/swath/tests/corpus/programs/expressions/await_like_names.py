print = print
async_ = 1
await_ = async_
