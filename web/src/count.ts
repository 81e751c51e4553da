/** How many there are; or, with `isMore`, that there are more than so many. */
export interface Count {
        n: number;
        isMore: boolean;
}
